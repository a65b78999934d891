"""A web server's access log -> ordinary events: parse a line, decide what it is, forget, record, deliver."""
