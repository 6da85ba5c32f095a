"""The page and its API: layout, events, sessions, server. The work itself is done by the packages beside this one."""
