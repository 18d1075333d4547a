/** Finding, checking and installing llama.cpp, and building its command lines. */
package mesh.daemon.engine;
