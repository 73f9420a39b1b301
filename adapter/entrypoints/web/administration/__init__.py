"""Pages of administrators (quản trị): registers, and acts that another administrator confirms; the rest is shown."""
