"""How well messages are read that neither the playbook nor its authors have seen."""
