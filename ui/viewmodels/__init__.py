"""Typed objects that QML binds to. Each can be made, fed and read without a window or an application object."""
