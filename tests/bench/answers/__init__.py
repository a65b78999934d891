"""The stage `answers`: 90 days of 50 sites in the product's tables and in Umami's, and the same questions put to both."""
