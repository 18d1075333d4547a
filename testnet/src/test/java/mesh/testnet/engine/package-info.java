/** Real llama.cpp under our supervision. */
package mesh.testnet.engine;
