"""What an administrator of people wants done."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SetPassword:
    """A new first password for somebody else."""

    login: str
    password: str = field(repr=False)
