"""Aside 旁白: words that the audience hears and the other players do not."""
