"""How written English is read aloud: marks, figures and short forms turned into words.

Why it exists: a voice reads "$3.50" as "dollar three point five zero" and "e.g." or "km/h" letter by letter. Only what
a voice would misread is touched; plain integers and decimals stay digits. Used by `app.audio.spoken` alone.
"""
