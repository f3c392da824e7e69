"""What the coach knows, as data; there is no code here."""
