/** The short soak. */
package mesh.testnet.churn;
