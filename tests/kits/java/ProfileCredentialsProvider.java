package com.amazonaws.auth.profile;

/** By this class the kit knows that version 1 of the AWS SDK for Java is on the class path. */
final class ProfileCredentialsProvider {
    private ProfileCredentialsProvider() {
    }
}
