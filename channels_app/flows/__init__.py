"""What the product does, one journey a file. Flows never import tasks or views: who starts work is not who does it."""
