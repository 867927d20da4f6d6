"""Hand-off of what is stored to the clinic's other systems: e-mail, webhook, calendar."""
