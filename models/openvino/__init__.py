"""What the engines over OpenVINO share, whatever port they serve. Nothing here imports the library."""
