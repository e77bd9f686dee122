"""How HTTP is served: connections, the fast path, sessions, guards and errors. What the routes do is not here."""
