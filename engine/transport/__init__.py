"""Agent and server on two machines: who they are to each other, and how one comes to work for the other.

`certificates` and `authority` give identities, `enrolment` brings them to agents, `identity` keeps them; `tls` is a
stream between two of them, on which `control` asks and answers; `service` is the server, `agent` the other side.
"""
