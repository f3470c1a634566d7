// Nothing of its own: the headers that nearly every test includes are compiled with it, once
// (CMakeLists.txt).
