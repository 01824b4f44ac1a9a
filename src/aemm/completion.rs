//! What completes commands and flags in a shell: words only, since nothing else can follow from what was typed.

use super::flags::{AemmCommand, Shell};

/// A script for a shell.
pub fn script(shell: Shell) -> String {
    let words = words().join(" ");
    match shell {
        Shell::Bash => format!(
            "# bash completion for ec2-metadata-mock\n\
             _ec2_metadata_mock() {{\n    COMPREPLY=($(compgen -W \"{words}\" -- \"${{COMP_WORDS[COMP_CWORD]}}\"))\n}}\n\
             complete -o default -F _ec2_metadata_mock ec2-metadata-mock\n"
        ),
        Shell::Zsh => format!(
            "#compdef ec2-metadata-mock\n\
             _ec2_metadata_mock() {{\n    compadd -- {words}\n    _files\n}}\n\
             compdef _ec2_metadata_mock ec2-metadata-mock\n"
        ),
        Shell::Fish => {
            format!("# fish completion for ec2-metadata-mock\ncomplete -c ec2-metadata-mock -a \"{words}\"\n")
        }
        Shell::Power => {
            let list: Vec<String> = words.split(' ').map(|word| format!("'{word}'")).collect();
            format!(
                "# powershell completion for ec2-metadata-mock\n\
                 Register-ArgumentCompleter -Native -CommandName ec2-metadata-mock -ScriptBlock {{\n\
                 \x20   param($word)\n    {} | Where-Object {{ $_ -like \"$word*\" }}\n}}\n",
                list.join(", ")
            )
        }
    }
}

fn words() -> Vec<String> {
    let commands = [AemmCommand::Root].into_iter().chain(AemmCommand::SUBCOMMANDS);
    let flags = commands
        .flat_map(|command| command.flags().map(|flag| format!("--{}", flag.long)).collect::<Vec<_>>());
    let mut words: Vec<String> =
        AemmCommand::SUBCOMMANDS.iter().map(|command| command.name().to_owned()).chain(flags).collect();
    words.sort();
    words.dedup();
    words
}
