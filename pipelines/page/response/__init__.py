"""The page's response: compressed, with a head of our own, and the small pictures that it loads."""
