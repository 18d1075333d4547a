/** Names that cannot be mixed up, and the keys behind them. */
package mesh.core.id;
