"""What people see: each card says what the rule above it means, in the reader's language."""
