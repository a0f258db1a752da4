"""The one way to speak HTTP to the outside; start at `client.py`. No connector of a particular partner lives here."""
