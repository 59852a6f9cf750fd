//! The foreign side of the interoperability tests: the crate dcap-qvl as a verifier of quotes. It shares no code with the suite.
//!
//!     peer-dcap-qvl verify                 a question a line on stdin (see Question), the answers on stdout
//!     peer-dcap-qvl bench ROOT COLLATERAL QUOTES AT ROUNDS
//!                                          QUOTES holds many quotes of one platform, each behind its length (u32, little-endian);
//!                                          prints verifications per second with the collateral in memory

use anyhow::{bail, ensure, Context, Result};
use dcap_qvl::quote::Quote;
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::QuoteCollateralV3;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Instant;

#[derive(Deserialize)]
struct Question {
    name: String,
    quote: String,      // path
    collateral: String, // path of the crate's own JSON
    root: String,       // path, DER
    at: u64,            // Unix seconds
    #[serde(default)]
    allow_debug: bool,
    #[serde(default)]
    allow_service_td: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    name: String,
    stage: &'static str, // decode, verify, ok
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    status: Option<String>,
    qe_status: Option<String>,
    platform_status: Option<String>,
    advisory_ids: Vec<String>,
    report: Option<serde_json::Value>, // the decoded body
}

fn verify(q: &Question, raw: &[u8], answer: &mut Answer) -> Result<()> {
    let text = std::fs::read_to_string(&q.collateral).context("collateral")?;
    let collateral: QuoteCollateralV3 = serde_json::from_str(&text).context("collateral")?;
    let root = std::fs::read(&q.root).context("root")?;
    let verifier = QuoteVerifier::new(root).allow_debug(q.allow_debug).allow_service_td(q.allow_service_td);
    let report = verifier.verify(raw, &collateral, q.at)?;
    answer.status = Some(report.status);
    answer.advisory_ids = report.advisory_ids;
    answer.qe_status = Some(report.qe_status.status.to_string());
    answer.platform_status = Some(report.platform_status.status.to_string());
    Ok(())
}

fn ask(q: &Question) -> Answer {
    let mut answer = Answer { name: q.name.clone(), stage: "decode", ..Answer::default() };
    // A foreign library that falls over on hostile input has refused it.
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<()> {
        let raw = std::fs::read(&q.quote)?;
        answer.report = Some(serde_json::to_value(Quote::parse(&raw)?.report)?);
        answer.stage = "verify";
        verify(q, &raw, &mut answer)
    }));
    match outcome {
        Ok(Ok(())) => answer.stage = "ok",
        Ok(Err(e)) => answer.error = format!("{e:#}"),
        Err(_) => answer.error = "panic".into(),
    }
    answer
}

fn answer_lines() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut out, &ask(&question))?;
        writeln!(out)?;
    }
    Ok(())
}

fn read_quotes(path: &str) -> Result<Vec<Vec<u8>>> {
    let all = std::fs::read(path)?;
    let mut rest = &all[..];
    let mut quotes = Vec::new();
    while !rest.is_empty() {
        ensure!(rest.len() >= 4, "{path}: a length is cut");
        let (size, tail) = rest.split_at(4);
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize;
        ensure!(tail.len() >= size, "{path}: a quote is cut");
        quotes.push(tail[..size].to_vec());
        rest = &tail[size..];
    }
    Ok(quotes)
}

fn bench(root: &str, collateral: &str, quotes: &str, at: u64, rounds: u32) -> Result<()> {
    let verifier = QuoteVerifier::new(std::fs::read(root)?);
    let collateral: QuoteCollateralV3 = serde_json::from_str(&std::fs::read_to_string(collateral)?)?;
    let quotes = read_quotes(quotes)?;
    let start = Instant::now();
    let mut done = 0u32;
    for _ in 0..rounds {
        for quote in &quotes {
            let report = verifier.verify(quote, &collateral, at)?;
            ensure!(report.status == "UpToDate", "status {}", report.status);
            done += 1;
        }
    }
    println!("dcap_qvl_verifications_per_second {:.1}", f64::from(done) / start.elapsed().as_secs_f64());
    Ok(())
}

fn main() -> Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["verify"] => answer_lines(),
        ["bench", root, collateral, quotes, at, rounds] => bench(root, collateral, quotes, at.parse()?, rounds.parse()?),
        _ => bail!("usage: peer-dcap-qvl verify | bench ROOT COLLATERAL QUOTES AT ROUNDS"),
    }
}
