/** What we say of model files, held against what the real llama.cpp makes of them. */
package mesh.testnet.models;
