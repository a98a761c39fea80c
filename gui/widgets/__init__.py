"""Small widgets that know nothing of benches and plans."""
