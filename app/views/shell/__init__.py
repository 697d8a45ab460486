"""The frame around the workspaces: login, window, palette, home page and settings."""
