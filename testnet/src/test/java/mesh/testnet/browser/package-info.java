/** The console in a real browser, served by real daemons: what a person sees, and what an assistive tool hears. */
package mesh.testnet.browser;
