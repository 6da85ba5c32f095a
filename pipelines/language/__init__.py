"""Languages: sentences that remember how they were made, and the catalogues in which they are translated."""
