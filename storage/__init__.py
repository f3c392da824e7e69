"""What is kept: the directory of customers, and the casebook of cases."""
