"""The mailers: one folder is one mailer."""
