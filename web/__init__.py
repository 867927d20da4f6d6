"""The web process: chat API, widget, demo clinic site and staff console."""
