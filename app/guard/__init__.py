"""`werkbank guard`: the small service beside the server that watches sign-ins, time limits and the outbox."""
