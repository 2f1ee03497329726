//! The Rust side of `tests/parity`.
//!
//! `parity run IN.safetensors OUT.safetensors` runs a network on tensors in a file (see `raterlens_nn::parity`);
//! `parity serve` reads lines `IN<tab>OUT` and does so for each, answering `done` or what went wrong;
//! `parity describe NETWORK SIZE single|multi [OPTION...]` prints an architecture as in `model.json`, with the options
//! `attention-gates`, `blur-pool` and `evidential`.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use raterlens_nn::architecture::{Architecture, Tasks};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["run", input, output] => {
            let (input, output) = (Path::new(input), Path::new(output));
            raterlens_nn::parity::run_file(input, output).map_err(|e| e.to_string())
        }
        ["serve"] => serve().map_err(|e| e.to_string()),
        ["describe", network, size, tasks, ref options @ ..] => {
            describe(network, size, tasks, options).map(|text| println!("{text}"))
        }
        _ => Err("usage: parity run IN OUT | parity serve | parity describe NETWORK SIZE TASKS [OPTION...]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (input, output) = line.split_once('\t').unwrap_or((&line, ""));
        match raterlens_nn::parity::run_file(Path::new(input), Path::new(output)) {
            Ok(()) => println!("done"),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}

fn describe(network: &str, size: &str, tasks: &str, options: &[&str]) -> Result<String, String> {
    let tasks = match tasks {
        "single" => Tasks::Single,
        "multi" => Tasks::Multi,
        other => return Err(format!("tasks '{other}'")),
    };
    let mut a = Architecture::from_name(network, size.parse()?, tasks)?;
    for option in options {
        a = match *option {
            "attention-gates" => a.with_attention_gates(),
            "blur-pool" => a.with_blur_pool(),
            "evidential" => a.with_evidential_head(),
            other => return Err(format!("option '{other}'")),
        };
    }
    serde_json::to_string(&a).map_err(|e| e.to_string())
}
