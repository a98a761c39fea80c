"""Plots that stay fast however long a run is."""
