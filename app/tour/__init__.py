"""The guided tour: the main job of the house, driven through the real window by clicking and typing."""
