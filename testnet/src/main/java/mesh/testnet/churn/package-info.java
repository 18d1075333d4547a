/** Whether a process that sees thousands of nodes come and go keeps its size. */
package mesh.testnet.churn;
