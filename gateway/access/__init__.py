"""Who may come in: agents, their sessions, and the tokens of programs. What each role may open is the edge's."""
