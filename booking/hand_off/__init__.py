"""Hand-off of what is stored to the clinic's other systems: e-mail, webhook, calendar.

`booking.hand_off.wiring` makes the adapters. Nothing is imported here, so that whoever only stores
a notice loads no mail, HTTP and calendar libraries.
"""
