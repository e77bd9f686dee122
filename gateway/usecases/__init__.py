"""The verbs of Eshnav: the only place where store, routing, wording and channels meet, and where transactions open."""
