"""What `doctor` looks at: is this app in a state to be updated, and does it need to be?"""
