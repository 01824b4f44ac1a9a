/**
 * The EC2 Instance Metadata Service in tests: each test has a mock-imds server of its own. {@link mockimds.Imds} is the server,
 * and an extension of JUnit.
 */
package mockimds;
