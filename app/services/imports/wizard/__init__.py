"""Import of a file by a person: checked cell by cell, tried, then written under the person's own rights."""
