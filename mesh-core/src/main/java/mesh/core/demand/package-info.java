/** How much each model is wanted, and what a node without one should serve. */
package mesh.core.demand;
