<?php
header('Content-Type: text/plain');
echo "Hello from PHP ", PHP_VERSION, "\n";
echo "Name: ", htmlspecialchars($_GET['name'] ?? 'nobody'), "\n";
