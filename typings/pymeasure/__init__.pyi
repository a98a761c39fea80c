"""Types of the part of pymeasure that this project uses; pymeasure ships no marker for its own."""
