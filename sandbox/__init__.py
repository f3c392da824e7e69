"""A Slack on your own machine: Web API, Socket Mode, and a page with a seat for each person."""
