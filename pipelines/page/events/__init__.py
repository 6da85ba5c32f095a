"""Events of the page: each takes the values of controls by name and gives a dict of what becomes of components."""
