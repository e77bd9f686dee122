"""The pages people see: for each, what it reads and does, and beside it how it is laid out."""
