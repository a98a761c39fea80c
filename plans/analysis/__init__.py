"""Pure analysis: arrays in, frozen results out."""
